// What Apollo Server alone can do behind express: tells its parent on which port, and answers `{ hello }`.
import { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import express from 'express';

const apollo = new ApolloServer({
  typeDefs: 'type Query { hello: String! }',
  resolvers: { Query: { hello: () => 'world' } },
});
await apollo.start();
const server = express()
  .use('/graphql', express.json(), expressMiddleware(apollo))
  .listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.(typeof address === 'object' ? address?.port : undefined);
  });
process.on('disconnect', () => process.exit(0));
