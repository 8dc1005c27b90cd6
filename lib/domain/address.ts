declare const brand: unique symbol;
export type CanonicalAddress = string & { readonly [brand]: 'CanonicalAddress' };
