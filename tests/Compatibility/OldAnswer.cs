namespace LoraOnnx.Compatibility.Tests;

/// <summary>What lora-serve of e149586 answered, for the model that it served.</summary>
/// <remarks><c>Scores</c>: probabilities in the order of the classes.</remarks>
internal sealed record OldAnswer(string Text, string Label, float[] Scores);
