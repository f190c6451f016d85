import {
  Alert,
  Box,
  Button,
  Center,
  Checkbox,
  Divider,
  Group,
  Paper,
  Stack,
  Text,
  Textarea,
  Title,
} from '@mantine/core';
import { IconInfoCircle, IconRobot, IconUser } from '@tabler/icons-react';
import { type FormEvent, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AssayError, createAssayClient } from '../../src/client/index.ts';
import { MeDocument } from './operations.generated.ts';
import { keepSession, readDemo, type Session } from './session.ts';
import { Choices } from './shell/choices.tsx';
import { Mark } from './shell/logo.tsx';

type Problem = 'refused' | 'away' | 'empty';

export function SignIn({ wasEnded, onSession }: { wasEnded: boolean; onSession: (session: Session) => void }) {
  const { t } = useTranslation();
  const [token, setToken] = useState('');
  const [remember, setRemember] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [isAsking, setIsAsking] = useState(false);
  const { user, service } = readDemo();
  const hasDemo = user !== undefined || service !== undefined;
  useEffect(() => {
    document.title = 'Assay';
  }, []);

  async function signIn(given: string, lasting: boolean): Promise<void> {
    const cleaned = given.trim().replace(/^Bearer\s+/i, '');
    if (cleaned === '') return setProblem('empty');
    setIsAsking(true);
    const found = await examine(cleaned);
    setIsAsking(false);
    setProblem(found);
    if (!found) onSession(keepSession(cleaned, lasting));
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void signIn(token, remember);
  };

  return (
    <Center mih="100vh" p="md" component="main">
      <Box w="100%" maw={440}>
        <Group justify="flex-end" mb="sm" gap={4}>
          <Choices />
        </Group>
        <Paper className="card" p={{ base: 'lg', xs: 'xl' }} radius="lg" shadow="sm">
          <Stack gap="lg">
            <Stack gap={6} align="center" ta="center">
              <Mark size={44} />
              <Title order={1} fz={24} mt={6}>
                {t('signIn.title')}
              </Title>
              <Text c="dimmed">{t('signIn.lead')}</Text>
            </Stack>
            {wasEnded && !problem && (
              <Alert role="status" color="blue" icon={<IconInfoCircle aria-hidden />}>
                {t('signIn.ended')}
              </Alert>
            )}
            {hasDemo && (
              <Stack gap="sm">
                <Text size="sm" fw={600}>
                  {t('signIn.demo')}
                </Text>
                {user && (
                  <DemoButton
                    icon={IconUser}
                    label={t('signIn.demoUser')}
                    hint={t('signIn.demoUserHint')}
                    onClick={() => void signIn(user, false)}
                  />
                )}
                {service && (
                  <DemoButton
                    icon={IconRobot}
                    label={t('signIn.demoService')}
                    hint={t('signIn.demoServiceHint')}
                    onClick={() => void signIn(service, false)}
                  />
                )}
                <Divider label={t('signIn.or')} mt="xs" />
              </Stack>
            )}
            <form onSubmit={submit} noValidate>
              <Stack gap="md">
                <Textarea
                  label={t('signIn.token')}
                  description={t('signIn.tokenHint')}
                  value={token}
                  onChange={(event) => setToken(event.currentTarget.value)}
                  autosize
                  minRows={2}
                  maxRows={5}
                  spellCheck={false}
                  autoComplete="off"
                  styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
                  error={problem && t(`signIn.${problem}`)}
                />
                <Checkbox
                  label={t('signIn.remember')}
                  description={t('signIn.rememberHint')}
                  checked={remember}
                  onChange={(event) => setRemember(event.currentTarget.checked)}
                />
                <Button type="submit" size="md" loading={isAsking} fullWidth>
                  {t('signIn.go')}
                </Button>
              </Stack>
            </form>
            {!hasDemo && (
              <Text size="xs" c="dimmed" ta="center">
                {t('signIn.where')}
              </Text>
            )}
          </Stack>
        </Paper>
      </Box>
    </Center>
  );
}

function DemoButton(props: { icon: typeof IconUser; label: string; hint: string; onClick: () => void }) {
  const { icon: Picture, label, hint, onClick } = props;
  return (
    <Button
      variant="default"
      h={60}
      justify="flex-start"
      leftSection={<Picture size={24} stroke={1.6} aria-hidden />}
      onClick={onClick}
    >
      <Stack gap={0} align="flex-start">
        <span>{label}</span>
        <Text size="xs" c="dimmed" fw={400}>
          {hint}
        </Text>
      </Stack>
    </Button>
  );
}

/** Asks the API whom a token belongs to. @returns what is wrong with it */
async function examine(token: string): Promise<Problem | undefined> {
  // What no header can carry was never a token.
  if (!/^[\x21-\x7e]+$/.test(token)) return 'refused';
  const client = createAssayClient({ url: location.origin, token });
  try {
    await client.request(MeDocument, {});
    return undefined;
  } catch (error) {
    return error instanceof AssayError && error.code !== 'BAD_RESPONSE' ? 'refused' : 'away';
  } finally {
    client.close();
  }
}
