import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The dashboard goes to dist/web, from where the API serves it. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    // The policy of the page lets nothing in that is written into it, so no file may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What several pages need comes as one file: forty small ones cost more than they spare. Charts are in three places and
    // not in it, because the first page has none.
    rolldownOptions: {
      output: {
        codeSplitting: { groups: [{ name: 'shared', test: /node_modules|web\/src\/parts/, minShareCount: 4 }] },
      },
    },
  },
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:4000', ws: true }, '/files': 'http://127.0.0.1:4000' } },
});
