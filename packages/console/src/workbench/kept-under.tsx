interface KeptUnderProps {
  /** What the password is for. */
  readonly name: string;
}

/** Tells password managers what a password belongs to; browsers warn of forms that do not. */
export const KeptUnder = ({ name }: KeptUnderProps) => (
  <input type="text" autocomplete="username" value={name} readOnly hidden />
);
