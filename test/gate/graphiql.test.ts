import { expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useTinyApi } from './tiny-api.ts';

const api = useTinyApi(useDatabase());

it('is one page that reaches nothing but this server', async () => {
  const { status, headers, text } = await api().fetch('/graphiql');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/https?:\/\/|unsafe-eval/);
  const outside = /<(?:script|img|iframe)[^>]*\ssrc=|<link[^>]*href="(?!data:)|@import|url\(['"]?(?:https?:)?\/\//i;
  expect(text.replace(/<script>[\s\S]*<\/script>/, '')).not.toMatch(outside);
});

it('asks /graphql, follows over WebSocket, and says in connection_init what stands in its Headers tab', async () => {
  const { text } = await api().fetch('/graphiql');
  const options = JSON.parse(text.slice(text.lastIndexOf('{"title"'), text.lastIndexOf('}') + 1));
  expect(options).toMatchObject({ endpoint: '/graphql', subscriptionsProtocol: 'WS' });
  expect(options.defaultQuery).toMatch(/Headers tab[\s\S]*query Viewer/);
  expect(text).toMatch(/extensions:\{headers:(\w+)\?\.headers,connectionParams:\1\?\.headers\}/);
  expect(text).toContain('graphql-transport-ws');
});
