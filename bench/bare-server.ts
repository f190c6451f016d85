// What `ws` alone can do: sends each text that its parent gives it to all who are connected.
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.on('listening', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
process.on('message', (text: string) => {
  for (const client of server.clients) client.send(text);
});
process.on('disconnect', () => process.exit(0));
