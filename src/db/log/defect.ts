/** Something that is wrong with a log, and what looking for it comes to. */
export interface Defect {
  /** The version at which it is wrong; null when it is none's in particular. */
  readonly position: number | null;
  readonly message: string;
}

/** Told of what was found good, while it is looked for; what it throws ends that. */
export interface VerifyWatch {
  /** The next version of the chain, by its digest. */
  onVersion(digest: Uint8Array): void;
  /** Contents of a file, good or not. */
  onContents(): void;
}

export interface Verified {
  /** How many versions were checked. */
  readonly versions: number;
  /** The first defect by position; after it the chain says nothing. Null when all is whole. */
  readonly defect: Defect | null;
}
