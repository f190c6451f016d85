/** Variables with which a PROBE costs one token, and may be submitted as often as one likes. */
export const PROBES = {
  ASSAY_PROBES: 'on',
  ASSAY_PRICE_PROBE: '1',
  ASSAY_LIMIT_SUBMITS_PER_MINUTE: '1000000',
  ASSAY_LIMIT_QUEUED_PER_USER: '1000000',
};

export const SUBMIT = `mutation ($input: SubmitProbeInput!) {
  submitProbe(input: $input) { job { id name tokenCost createdAt } userErrors { code } }
}`;

/** The answer to it. */
export interface Submitted {
  job: { id: string } | null;
  userErrors: { code: string }[];
}
