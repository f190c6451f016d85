import { ask } from './api-client.ts';
import type { LoadParts, User } from './load-parts.ts';
import { unanswered } from './unanswered.ts';

const ANNOUNCE = `mutation ($input: CreateUploadInput!) {
  announced: createUpload(input: $input) { upload { id url } userErrors { code } }
}`;
const PUT_LIMIT_MS = 15_000;

interface AnnounceData {
  announced: { upload: { id: string; url: string } | null; userErrors: { code: string }[] };
}

/** Uploads a table for one of the users. @returns undefined where that failed, which harms nobody */
export async function upload(
  { url, findings }: Pick<LoadParts, 'url' | 'findings'>,
  owner: User,
  text: string,
): Promise<string | undefined> {
  const bytes = Buffer.from(text);
  const input = { name: 'demand.csv', contentType: 'text/csv', size: bytes.length };
  const api = url();
  const answer = await ask<AnnounceData>(api, owner.token, ANNOUNCE, { input });
  if (answer.outcome !== 'answered') {
    unanswered(answer, findings);
    return undefined;
  }
  const { upload: announced, userErrors } = answer.data.announced;
  if (!announced) {
    findings.count(`no upload: ${userErrors.map(({ code }) => code).join(' ')}`);
    return undefined;
  }
  // The link is to the public address of the installation; the door that is open is the one that answered.
  const { pathname, search } = new URL(announced.url);
  const put = { method: 'PUT', headers: { 'content-type': 'text/csv' }, body: bytes };
  const status = await fetch(`${api}${pathname}${search}`, { ...put, signal: AbortSignal.timeout(PUT_LIMIT_MS) }).then(
    (response) => response.status,
    () => 0,
  );
  findings.count(`upload: ${status === 0 ? 'broke off' : status}`);
  return status === 200 ? announced.id : undefined;
}
