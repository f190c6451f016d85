import { Button, Group, NumberInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { GiveTokensDocument } from '../operations.generated.ts';
import { useClient } from '../session-context.tsx';
import { type Answer, ServiceAction } from './service-action.tsx';

interface Values {
  userId: string;
  amount: number;
  reason: string;
}

export function Grant({ isOpen }: { isOpen: boolean }) {
  const { t } = useTranslation();
  const client = useClient();
  const form = useForm<Values>({ initialValues: { userId: '', amount: 10, reason: '' } });
  // The same key until it has worked, so that a second press after a lost answer does not give twice.
  const key = useRef(crypto.randomUUID());
  const act = useMutation({
    mutationFn: async (input: Values): Promise<Answer> => {
      const given = { ...input, userId: input.userId.trim(), idempotencyKey: key.current };
      const { tokenBalance, userErrors } = (await client.request(GiveTokensDocument, { input: given })).grantTokens;
      key.current = crypto.randomUUID();
      return { faults: userErrors, text: t('ops.grantDone', { balance: tokenBalance ?? 0 }) };
    },
  });
  return (
    <ServiceAction
      title={t('ops.grant')}
      hint={t('ops.grantHint')}
      lacking={isOpen ? undefined : 'tokens:grant'}
      act={act}
    >
      <form onSubmit={form.onSubmit((values) => act.mutate(values))}>
        <Stack gap="sm">
          <Group align="flex-end" gap="sm">
            <TextInput
              label={t('ops.userId')}
              required
              withAsterisk={false}
              spellCheck={false}
              flex={1}
              {...form.getInputProps('userId')}
            />
            <NumberInput label={t('ops.amount')} allowDecimal={false} w={110} {...form.getInputProps('amount')} />
          </Group>
          <Group align="flex-end" gap="sm">
            <TextInput
              label={t('ops.reasonField')}
              required
              withAsterisk={false}
              maxLength={500}
              flex={1}
              {...form.getInputProps('reason')}
            />
            <Button type="submit" variant="default" loading={act.isPending}>
              {t('ops.grantGo')}
            </Button>
          </Group>
        </Stack>
      </form>
    </ServiceAction>
  );
}
