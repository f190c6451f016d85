import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { JobKind } from '../entities/job-status.ts';
import { forecast } from '../kinds/forecast/index.ts';
import { SubmitForecastInput } from '../schema/forecast.ts';
import { SubmitPayload } from '../schema/payloads.ts';
import { submitUpload } from './submit-upload.ts';

@Resolver()
export class ForecastResolver {
  @Authorized('user')
  @Mutation(() => SubmitPayload, {
    description:
      'Forecasts the demand in an uploaded table: charges its price, takes the file and queues the job, or does none of it and says why.',
  })
  async submitForecast(
    @Ctx() context: Context,
    @Arg('input', () => SubmitForecastInput, { description: 'The table, and how to forecast.' })
    input: SubmitForecastInput,
  ): Promise<SubmitPayload> {
    const { horizon, siteCodes, startDate, zeroThreshold, rounding, dateFormat } = input;
    return await submitUpload(context, {
      kind: JobKind.FORECAST,
      handler: forecast,
      mutation: 'submitForecast',
      input,
      content: { horizon, siteCodes, startDate, zeroThreshold, rounding, dateFormat },
      title: `Forecast of ${horizon} days`,
    });
  }
}
