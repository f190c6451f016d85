#!/usr/bin/env node
// Checked before anything else is loaded: on an older Node the dependencies would fail first, with a stack.
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(
    `Assay needs Node 24 or newer, but this is Node ${process.versions.node}. ` +
      'npm installed the right one: run Assay through npm, as in `npm start` or `npm run assay -- --help`.',
  );
  process.exit(1);
}

// Libraries check more, and more slowly, for those who develop with them. What Assay itself does differently is `ASSAY_ENV`.
process.env.NODE_ENV ??= 'production';

const { runProgram } = await import('./commands/program.ts');
await runProgram(process.argv);
