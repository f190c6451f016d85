export interface TogetherOptions {
  /** Acts at once: one may be done while another commits. */
  atOnce: number;
  /** Tasks of one act, so that nobody waits long for the others of his. */
  most: number;
}

interface Waiting<Task, Answer> {
  task: Task;
  answer: PromiseWithResolvers<Answer>;
}

/**
 * Does tasks together that come while others are under way. Who comes alone goes alone, and at once.
 * @param act does tasks, and answers in their order; what it throws, each of them is told
 */
export function together<Task, Answer>(
  act: (tasks: readonly Task[]) => Promise<readonly Answer[]>,
  { atOnce, most }: TogetherOptions,
): (task: Task) => Promise<Answer> {
  const waiting: Waiting<Task, Answer>[] = [];
  let underWay = 0;

  async function actOnWaiting(): Promise<void> {
    if (underWay >= atOnce) return;
    underWay += 1;
    while (waiting.length > 0) await answer(waiting.splice(0, most));
    underWay -= 1;
  }

  async function answer(next: readonly Waiting<Task, Answer>[]): Promise<void> {
    try {
      const answers = await act(next.map(({ task }) => task));
      for (const [place, { answer }] of next.entries()) answer.resolve(answers[place] as Answer);
    } catch (error) {
      for (const { answer } of next) answer.reject(error);
    }
  }

  return (task) => {
    const answer = Promise.withResolvers<Answer>();
    waiting.push({ task, answer });
    void actOnWaiting();
    return answer.promise;
  };
}
