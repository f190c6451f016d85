/** The embedded PostgreSQL could not be set up, started or stopped. The message is a plain sentence for the operator. */
export class EmbeddedPostgresError extends Error {
  override name = 'EmbeddedPostgresError';
}

const REASONS: Record<string, string> = {
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'one of its parents is a file',
  EEXIST: 'it is a file',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};

/** The error code of a failed system call (`ENOENT`) or SQLSTATE of a refused statement (`57P03`), if it has one. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Words a failed file operation as a sentence that names the folder and the reason. */
export function folderError(folder: string, error: unknown): EmbeddedPostgresError {
  const reason = REASONS[codeOf(error) ?? ''] ?? (error instanceof Error ? error.message : String(error));
  return new EmbeddedPostgresError(
    `PostgreSQL cannot keep its data in ${folder}: ${reason}. Choose another data folder or set DATABASE_URL.`,
    { cause: error },
  );
}
