import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './page.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { startI18n } from './i18n.ts';
import { openSession } from './opened-session.ts';
import { readSession, takeFragment } from './session.ts';
import { styleNonce } from './style-nonce.ts';

// Libraries that write style tags by themselves look for the number here.
Object.assign(globalThis, { __webpack_nonce__: styleNonce() });

takeFragment();
const session = readSession();
const first = session && openSession(session);
await startI18n();

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App first={first} />
    </StrictMode>,
  );
}
