using System.Text.Json.Serialization;

namespace LoraOnnx.Model.Adapters.Kinds;

/// <summary>How A of a new adapter starts. B is 0 either way, so that training starts from the base.</summary>
public enum AdapterInitialization
{
    /// <summary>A uniform in ±1/sqrt(in), as <c>peft</c> does.</summary>
    [JsonStringEnumMemberName("peft")]
    Peft,

    /// <summary>A from the standard normal distribution, as the published experiment does.</summary>
    [JsonStringEnumMemberName("original")]
    Original,
}
