namespace LoraOnnx.Hub;

/// <summary>What a download is at.</summary>
/// <param name="Text">In words, such as <c>model.safetensors: 120 of 268 MB</c>.</param>
/// <param name="Share">Share that is done, from 0 to 1; null where it is not known or the text stands alone.</param>
public sealed record HubProgress(string Text, double? Share);
