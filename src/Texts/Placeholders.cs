namespace LoraOnnx.Texts;

/// <summary>The names that transformers gives to classes of which nobody has said what they are: LABEL_0, LABEL_1, ...</summary>
internal static class Placeholders
{
    public static bool Are(IReadOnlyList<string> names) => names.Select((name, index) => name == $"LABEL_{index}").All(isOne => isOne);
}
