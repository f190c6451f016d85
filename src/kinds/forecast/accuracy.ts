/** How far a model was from what happened. Null where there was nothing to measure it by. */
export interface Accuracy {
  /** Mean absolute error, in units of demand. */
  mae: number | null;
  /** Root of the mean squared error, in units of demand. */
  rmse: number | null;
  /** Mean absolute error as a share of what happened, in percent, over the days on which anything did. */
  mape: number | null;
  /** The same as a share of the mean of both, in percent; 0 where both are 0. */
  smape: number | null;
}

/** Sums up errors, of one series or of many, without keeping them. */
export class Errors {
  #days = 0;
  #absolute = 0;
  #squared = 0;
  #daysWithDemand = 0;
  #share = 0;
  #balanced = 0;

  add(demand: number, told: number): void {
    const error = Math.abs(demand - told);
    this.#days += 1;
    this.#absolute += error;
    this.#squared += error ** 2;
    if (demand + told > 0) this.#balanced += error / ((demand + told) / 2);
    if (demand === 0) return;
    this.#daysWithDemand += 1;
    this.#share += error / demand;
  }

  get days(): number {
    return this.#days;
  }

  get accuracy(): Accuracy {
    const mean = (sum: number, count: number) => (count === 0 ? null : sum / count);
    const squared = mean(this.#squared, this.#days);
    return {
      mae: rounded(mean(this.#absolute, this.#days)),
      rmse: rounded(squared === null ? null : Math.sqrt(squared)),
      mape: rounded(mean(this.#share * 100, this.#daysWithDemand)),
      smape: rounded(mean(this.#balanced * 100, this.#days)),
    };
  }
}

const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value * 10_000) / 10_000);
