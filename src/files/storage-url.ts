import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Config } from '../config.ts';
import type { Storage } from './storage.ts';

/** The URL of the storage of an installation: the configured one, else the folder `files` in the data folder. */
export const storageUrlOf = ({ storageUrl, dataDir }: Pick<Config, 'storageUrl' | 'dataDir'>): string =>
  storageUrl ?? pathToFileURL(`${dataDir}/files`).href;

/**
 * Opens a storage by its URL, `file:///folder` or `s3://bucket/prefix`. Nothing is touched before the first act; the S3
 * client is loaded only where it is used.
 */
export async function openStorage(url: string): Promise<Storage> {
  if (url.startsWith('s3:')) {
    const { createS3Storage } = await import('./s3-storage.ts');
    return createS3Storage(url);
  }
  const { createFolderStorage } = await import('./folder-storage.ts');
  return createFolderStorage(fileURLToPath(url));
}
