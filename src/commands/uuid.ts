import { InvalidArgumentError } from 'commander';

/** A UUID among the arguments, in small letters. @throws InvalidArgumentError for any other text */
export function readUuid(text: string): string {
  if (/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It must be a UUID.');
}
