import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { AssayError } from '../../../src/client/index.ts';
import { words } from '../format.ts';
import type { FaultFragment } from '../operations.generated.ts';
import { errorText, faultText } from '../parts/faults.tsx';

export interface Submitted {
  job: { id: string } | null;
  userErrors: readonly unknown[];
}

/** What is wrong, and with which field, as a path such as `riasec.realistic`; undefined where it is with none. */
export interface FieldFault {
  field?: string;
  label?: string;
  text: string;
}

interface Submitting<Input> {
  submit(input: Input): void;
  isPending: boolean;
  faults: readonly FieldFault[];
  setFaults(faults: readonly FieldFault[]): void;
}

/** Sends a form, goes to its job, or says what is wrong. What was sent is sent again under the same key, once. */
export function useSubmit<Input>(
  send: (input: Input, idempotencyKey: string) => Promise<Submitted>,
): Submitting<Input> {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const cache = useQueryClient();
  const [faults, setFaults] = useState<readonly FieldFault[]>([]);
  const { mutate, isPending } = useMutation({
    mutationFn: ({ input, key }: { input: Input; key: string }) => send(input, key),
    // An answer that was lost on the way: the key makes it safe to ask again.
    retry: (failures, error) => failures < 3 && !(error instanceof AssayError) && !(error instanceof UploadBroken),
    onMutate: () => setFaults([]),
    onSuccess: ({ job, userErrors }) => {
      setFaults(
        (userErrors as FaultFragment[]).map((fault) => ({ ...placeOf(fault.field), text: faultText(fault, t) })),
      );
      if (!job) return;
      void cache.invalidateQueries({ queryKey: ['viewer'] });
      void navigate(`/jobs/${job.id}`);
    },
    onError: (error) => {
      if (error instanceof UploadBroken) setFaults([{ text: t('submit.uploadFailed', { message: error.message }) }]);
      else if (error instanceof AssayError && error.code === 'BAD_USER_INPUT') setFaults(shapeFaults(error));
      else setFaults([{ text: errorText(error, t) }]);
    },
  });
  return { submit: (input) => mutate({ input, key: crypto.randomUUID() }), isPending, faults, setFaults };
}

/** The bytes did not arrive. */
export class UploadBroken extends Error {}

/** `["input","riasec","realistic"]` as `riasec.realistic`, and in words. */
function placeOf(path: readonly string[] | null): { field?: string; label?: string } {
  const [, ...rest] = path ?? [];
  if (rest.length === 0) return {};
  return { field: rest.join('.'), label: rest.map(words).join(' › ') };
}

/** A wrong shape is refused as a whole, with each fault in the details of the error. */
function shapeFaults(error: AssayError): FieldFault[] {
  return error.errors.flatMap(({ message, extensions }) => {
    const { details } = (extensions ?? {}) as { details?: { path?: unknown[]; rule?: string }[] };
    if (!Array.isArray(details) || details.length === 0) return [{ text: message }];
    return details.map(({ path, rule }) => ({
      ...placeOf(Array.isArray(path) ? path.map(String) : null),
      text: rule ?? message,
    }));
  });
}
