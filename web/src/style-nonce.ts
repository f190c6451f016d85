/** The number of this answer, with which its policy lets style tags in. A browser shows it to scripts as a property only. */
export const styleNonce = (): string =>
  document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.content ?? '';
