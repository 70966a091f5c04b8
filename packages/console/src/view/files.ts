/** Hands bytes to the person in front of the page, as a file. */
export function download(name: string, content: Uint8Array<ArrayBuffer> | string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** What was dropped or pasted: the octets of the first file, or the text. */
export async function contentOf(transfer: DataTransfer): Promise<Uint8Array | string | undefined> {
  const text = transfer.getData('text/plain');
  const file = transfer.files[0];
  if (file !== undefined) return new Uint8Array(await file.arrayBuffer());
  return text === '' ? undefined : text;
}
