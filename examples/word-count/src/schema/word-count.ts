import { Field, ID, InputType, Int } from 'type-graphql';

@InputType({ description: 'A text whose words are to be counted.' })
export class SubmitWordCountInput {
  @Field(() => ID, { description: 'The upload with the text, in UTF-8. A job takes it for itself.' })
  uploadId!: string;

  @Field(() => Int, { defaultValue: 1, description: 'How many letters a word needs to be counted, 1 to 50.' })
  leastLength!: number;

  @Field(() => String, { nullable: true, description: 'A key that makes it safe to send the same submit again.' })
  idempotencyKey?: string | null;
}
