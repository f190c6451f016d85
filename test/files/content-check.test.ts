import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { beginsAs, isText, mediaTypeOf } from '../../src/files/content-check.ts';

const TEXT = Buffer.from('date,partnumber\n2026-01-01,P1\n');
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex');
const ZIP = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), Buffer.alloc(60)]);

describe('what a file claims to be', () => {
  it.each([
    ['application/gzip', gzipSync(TEXT), true],
    ['application/x-gzip', gzipSync(TEXT), true],
    ['application/gzip', TEXT, false],
    ['application/gzip', zstdCompressSync(TEXT), false],
    ['application/zstd', zstdCompressSync(TEXT), true],
    ['image/png', PNG, true],
    ['image/jpeg', PNG, false],
    ['application/pdf', Buffer.from('%PDF-1.7\n'), true],
    ['application/pdf', PNG, false],
    ['application/zip', ZIP, true],
    ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', ZIP, true],
    ['application/zip', TEXT, false],
    ['application/octet-stream', PNG, true],
    ['application/octet-stream', TEXT, true],
    // A type that no beginning tells.
    ['application/x-brotli', brotliCompressSync(TEXT), true],
    ['application/vnd.acme.rows', TEXT, true],
    ['application/vnd.acme.rows', PNG, false],
    // Text is judged byte for byte, not by its beginning.
    ['text/csv', TEXT, true],
  ])('%s is held against its beginning', async (mediaType, head, isSo) => {
    expect(await beginsAs(mediaType, head)).toBe(isSo);
  });

  it('is read from a Content-Type, without parameters and in small letters', () => {
    expect(mediaTypeOf('Text/CSV; charset=utf-8')).toBe('text/csv');
    expect(mediaTypeOf('application/vnd.acme+json')).toBe('application/vnd.acme+json');
    for (const none of [
      '',
      'csv',
      'text/',
      '/csv',
      'text/csv/x',
      'text /csv',
      'te\nxt/csv',
      `text/${'x'.repeat(200)}`,
    ]) {
      expect(mediaTypeOf(none)).toBeUndefined();
    }
  });

  it('is text where it says so', () => {
    for (const one of ['text/csv', 'application/json', 'application/geo+json', 'image/svg+xml']) {
      expect(isText(one)).toBe(true);
    }
    for (const one of ['application/gzip', 'application/octet-stream', 'context/csv']) expect(isText(one)).toBe(false);
  });
});
