using LoraOnnx.Reports.Values;

namespace LoraOnnx.Reports.Parts;

/// <summary>CSS classes of the style sheet.</summary>
internal static class Palette
{
    private const int Colours = 8;

    /// <summary>The colour of a model; eight go round.</summary>
    public static int Of(int model) => model % Colours;

    /// <summary>The class of good and bad news, or null.</summary>
    public static string? Of(Tone tone) => tone switch
    {
        Tone.Better => "better",
        Tone.Worse => "worse",
        _ => null,
    };
}
