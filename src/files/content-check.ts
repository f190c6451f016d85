import { fileTypeFromBuffer, supportedMimeTypes } from 'file-type';

/** Bytes of a file's beginning that tell what it is. */
export const HEAD_BYTES = 4_100;

/** Whatever it is, nothing is claimed about it. */
const ANYTHING = 'application/octet-stream';
const TEXT = /^text\/|^application\/(json|x-ndjson|csv|xml)$|\+(json|xml)$/;
/** Kinds of file that are a zip archive inside, told apart by what lies far in. */
const ZIPPED = /[/+.]zip$|openxmlformats|opendocument|java-archive/;
const ZIP = Buffer.from('PK\x03\x04', 'latin1');

/** `Text/CSV; charset=utf-8` → `text/csv`; undefined for what is no media type. */
export function mediaTypeOf(contentType: string): string | undefined {
  const essence = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  return /^[a-z0-9][\w!#$&^.+-]{0,62}\/[a-z0-9][\w!#$&^.+-]{0,62}$/.test(essence) ? essence : undefined;
}

/** Whether a file of this type is text, which has to be UTF-8. */
export const isText = (mediaType: string): boolean => TEXT.test(mediaType);

/**
 * Whether a file begins as one of its type does. A type that cannot be recognized by its beginning passes; text is checked
 * byte for byte elsewhere.
 * @param head the first {@link HEAD_BYTES} of it, or all where it is shorter
 */
export async function beginsAs(mediaType: string, head: Uint8Array): Promise<boolean> {
  if (mediaType === ANYTHING || isText(mediaType)) return true;
  if (ZIPPED.test(mediaType)) return ZIP.equals(head.subarray(0, ZIP.length));
  const claimed = plain(mediaType);
  const found = await fileTypeFromBuffer(head);
  if (found) return plain(found.mime) === claimed;
  return ![...supportedMimeTypes].some((known) => plain(known) === claimed);
}

/** The same type under its names of before and after it was registered. */
const plain = (mediaType: string): string => mediaType.replace('/x-', '/').replace('image/jpg', 'image/jpeg');
