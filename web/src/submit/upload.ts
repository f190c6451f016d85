import { type AssayClient, CreateUploadDocument } from '../../../src/client/index.ts';
import { type Submitted, UploadBroken } from './use-submit.ts';

/**
 * Announces a file and sends its bytes, telling the share that is gone, 0 to 1.
 * @returns the upload's id, or what was wrong with the file
 * @throws UploadBroken when the bytes do not arrive
 */
export async function upload(
  client: AssayClient,
  file: File,
  contentType: string,
  onProgress: (share: number) => void,
): Promise<{ id: string } | { refused: Submitted }> {
  const input = { name: file.name, size: file.size, contentType };
  const { createUpload } = await client.request(CreateUploadDocument, { input });
  if (!createUpload.upload) return { refused: { job: null, userErrors: createUpload.userErrors } };
  const { id, url, method } = createUpload.upload;
  await put(method, url, file, contentType, onProgress);
  return { id };
}

/** By XMLHttpRequest: `fetch` does not tell how much of a body is gone. */
function put(
  method: string,
  url: string,
  file: File,
  contentType: string,
  onProgress: (share: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.setRequestHeader('content-type', contentType);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => (request.status < 300 ? resolve() : reject(new UploadBroken(reasonOf(request))));
    request.onerror = () => reject(new UploadBroken('network'));
    request.send(file);
  });
}

/** What the server said, in its own words. */
function reasonOf({ status, responseText }: XMLHttpRequest): string {
  try {
    const { errors } = JSON.parse(responseText) as { errors: { message: string }[] };
    return errors[0]?.message ?? `HTTP ${status}`;
  } catch {
    return `HTTP ${status}`;
  }
}
