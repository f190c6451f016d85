import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { describeEnum } from './enums.ts';

export const RoundingMode = { NONE: 'NONE', NEAREST: 'NEAREST', UP: 'UP', DOWN: 'DOWN' } as const;
export type RoundingMode = (typeof RoundingMode)[keyof typeof RoundingMode];

describeEnum('RoundingMode', RoundingMode, 'How forecasts become whole numbers.', {
  NONE: 'They stay as the model says.',
  NEAREST: 'To the nearest one; a half goes up.',
  UP: 'To the next larger one.',
  DOWN: 'To the next smaller one.',
});

@InputType({ description: 'A table of past demand to forecast from.' })
export class SubmitForecastInput {
  @Field(() => ID, {
    description:
      'The upload with the table: CSV in UTF-8 with the columns `date`, `partnumber`, `site_code` and `demand_qty`. A job takes it for itself.',
  })
  uploadId!: string;

  @Field(() => String, { nullable: true, description: 'A title of 1 to 255 characters. By default it names the days.' })
  name?: string | null;

  @Field(() => Int, { defaultValue: 30, description: 'How many days to forecast, 1 to 90.' })
  horizon!: number;

  @Field(() => [String], { nullable: true, description: 'The sites to forecast. By default all.' })
  siteCodes?: string[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The first day to forecast, in the form of the table. By default the one after the last day of the table.',
  })
  startDate?: string | null;

  @Field(() => Float, {
    nullable: true,
    defaultValue: 0,
    description: 'Forecasts below it are shown as 0; the raw ones stay.',
  })
  zeroThreshold?: number | null;

  @Field(() => RoundingMode, {
    nullable: true,
    defaultValue: RoundingMode.NEAREST,
    description: 'How forecasts are rounded; the raw ones are not.',
  })
  rounding?: RoundingMode | null;

  @Field(() => String, {
    nullable: true,
    defaultValue: 'YYYY-MM-DD',
    description: 'How the table writes days: YYYY, MM and DD, with `-`, `/`, `.` or spaces between.',
  })
  dateFormat?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'A key of 1 to 255 characters that makes it safe to send the same submit again. Unique within the user.',
  })
  idempotencyKey?: string | null;
}
