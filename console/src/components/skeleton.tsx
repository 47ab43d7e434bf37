// Gray lines in the place of what is being loaded, of the same height as what comes.

export function Skeleton({ lines }: { readonly lines: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <div key={index} class={`line w${(index % 4) + 1}`} />
      ))}
    </div>
  );
}
