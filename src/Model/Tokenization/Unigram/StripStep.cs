using LoraOnnx.Model.Tokenization.Unicode;

namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>Takes white space off the ends: <c>Strip</c>.</summary>
internal sealed class StripStep(bool left, bool right) : INormalizerStep
{
    public string Identity => $"strip {left} {right}";

    public bool LeavesAlone(char unit) => true; // inside a text

    public void Apply(ref NormalizedText text, ref NormalizedText spare)
    {
        var (first, end) = (NormalizedText.First, text.End);
        while (right && end > first && IsSpace(text.Units[end - 1]))
        {
            end--;
        }

        while (left && first < end && IsSpace(text.Units[first]))
        {
            first++;
        }

        text.End = end;
        if (first > NormalizedText.First)
        {
            spare.Clear();
            for (var index = first; index < end; index++)
            {
                spare.Append(text.Units[index], text.Starts[index], text.Ends[index]);
            }

            (text, spare) = (spare, text);
        }
    }

    private static bool IsSpace(char unit) => UnicodeTables.Instance.Is(unit, CharacterTraits.Space);
}
