/** What may be said of one dimension. Each phrase is written to be set into a sentence that also names the score. */
export interface Note {
  /** How the dimension is called in a sentence: "your … (72)". */
  label: string;
  /** Completes "you are likely to …" for a favourable score. */
  act: string;
  /** A clause: what an unfavourable score may cost. */
  gap: string;
  /** A clause: what overdoing it may cost. */
  excess: string;
  /** Opens a sentence about motivation. */
  motive: string;
  /** An instruction in lower case that trains or uses it. */
  practice: string;
  /** An instruction that opens a sentence: something to do outside work or study. */
  activity: string;
}
