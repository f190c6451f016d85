import { type Accuracy, Errors } from './accuracy.ts';
import { blend } from './blend.ts';
import { type Model, sequence } from './model.ts';
import { seasonalNaive } from './weekday-models.ts';

const MOST_FOLDS = 6;

/** How the model does on days that it has not seen, beside what it has to beat. */
export class Trial {
  readonly #model = new Errors();
  readonly #seasonalNaive = new Errors();

  /**
   * Holds out the end of a history, as many days as are to be forecast, lets both models tell them, and again for the days
   * before: six times, or as often as half of the history is left to learn from.
   */
  add(history: readonly number[], days: number): void {
    const folds = Math.min(MOST_FOLDS, Math.floor(history.length / 2 / days));
    for (const end of sequence(folds, (fold) => history.length - days * (fold + 1))) {
      const known = history.slice(0, end);
      const happened = history.slice(end, end + days);
      const compare = (model: Model, errors: Errors) => {
        const told = model(known, days);
        for (const [day, demand] of happened.entries()) errors.add(demand, told[day] ?? 0);
      };
      compare(blend, this.#model);
      compare(seasonalNaive, this.#seasonalNaive);
    }
  }

  get accuracy(): { heldOutDays: number; model: Accuracy; seasonalNaive: Accuracy } {
    return {
      heldOutDays: this.#model.days,
      model: this.#model.accuracy,
      seasonalNaive: this.#seasonalNaive.accuracy,
    };
  }
}
