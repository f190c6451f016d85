import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient } from '../session-context.tsx';
import { upload } from './upload.ts';
import { type Submitted, useSubmit } from './use-submit.ts';

interface Sending<Options> {
  file: File;
  options: Options;
}

/**
 * A form with a file: uploads it once, then submits the job that takes it.
 * @param contentType of the file, where it is fixed
 */
export function useFile<Options>(
  send: (uploadId: string, options: Options, idempotencyKey: string) => Promise<Submitted>,
  contentType?: string,
) {
  const { t } = useTranslation();
  const client = useClient();
  const [file, setFile] = useState<File | null>(null);
  const [problem, setProblem] = useState<string>();
  const [share, setShare] = useState<number | null>(null);
  const submitting = useSubmit(async ({ file: chosen, options }: Sending<Options>, key) => {
    try {
      setShare(0);
      const type = contentType ?? (chosen.type || 'application/octet-stream');
      const sent = await upload(client, chosen, type, setShare);
      return 'refused' in sent ? sent.refused : await send(sent.id, options, key);
    } finally {
      setShare(null);
    }
  });
  return {
    ...submitting,
    submit(options: Options): void {
      if (file) submitting.submit({ file, options });
      else setProblem(t('submit.needFile'));
    },
    field: {
      file,
      share,
      error: problem,
      onError: setProblem,
      onFile(chosen: File | null): void {
        setProblem(undefined);
        setFile(chosen);
      },
    },
  };
}
