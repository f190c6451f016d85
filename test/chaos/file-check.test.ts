import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { checkFiles } from '../../chaos/file-check.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount } from '../support/factory.ts';
import { makeFile, useStorage } from '../support/files.ts';

const database = useDatabase();
const storage = useStorage();
const rulesBroken = async () => {
  const { pool } = database();
  const query = async <Row>(text: string) => (await pool.query(text)).rows as Row[];
  return (await checkFiles({ query }, storage().url)).map(({ rule }) => rule);
};

it('the check of files finds bytes that nobody owns, and files whose bytes are gone or others', async () => {
  const { pool } = database();
  const userId = await makeAccount(pool);
  const bytes = Buffer.from('some bytes');
  const storedAs = await storage().put(bytes);
  await makeFile(pool, { userId, bytes, storedAs });
  const due = await storage().put(bytes);
  await pool.query('insert into file_removals (stored_as, due_at) values ($1, now())', [due]);
  expect(await rulesBroken()).toEqual([]);

  const stray = await storage().put(bytes);
  expect(await rulesBroken()).toEqual(['bytes are owned, or known to be removed']);
  await storage().storage.remove(stray);

  await makeFile(pool, { userId, bytes, storedAs: randomUUID() });
  expect(await rulesBroken()).toEqual(['a file has its bytes, whole']);

  await makeFile(pool, { userId, bytes, storedAs: await storage().put(Buffer.from('some other bytes')) });
  expect(await rulesBroken()).toEqual(['a file has its bytes, whole', 'a file has its bytes, whole']);
  await pool.query('delete from file_removals');
});
