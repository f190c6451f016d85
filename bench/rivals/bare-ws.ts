// What `ws` alone can do: sends texts that lie ready to all who are connected. Its parent gives it the texts of each turn
// beforehand and then only says which turn it is. Who connects at `/7` gets the eighth text, or the last where there are fewer.
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
let turns: string[][] = [];
server.on('listening', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
server.on('connection', (socket, { url = '/' }) => Object.assign(socket, { place: Number(url.slice(1)) }));
process.on('message', (order: string[][] | number) => {
  if (typeof order !== 'number') {
    turns = order;
    return;
  }
  const texts = turns[order] ?? [];
  for (const client of server.clients) {
    const { place } = client as typeof client & { place: number };
    client.send(texts[place % texts.length] ?? '');
  }
});
process.on('disconnect', () => process.exit(0));
