using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Merge.OnDevice;

/// <summary>adapter_config.json as text, which goes to the device and comes back inside the checkpoint.</summary>
internal static class AdapterConfigText
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <summary>That of an adapter's directory, without the place that its base had on this machine.</summary>
    public static string Of(string directory)
    {
        var fields = JsonFields.Load(Path.Combine(directory, PeftAdapterWriter.ConfigFileName)).ToNode();
        PublicFiles.NamePlaces(fields);
        return fields.ToJsonString(_indented);
    }

    /// <summary>The same for an adapter that brings the whole head, as peft saves it.</summary>
    public static string WithHead(string text, HeadLayout head)
    {
        var fields = JsonFields.Parse(PeftAdapterWriter.ConfigFileName, Encoding.UTF8.GetBytes(text)).ToNode();
        fields["task_type"] = "SEQ_CLS";
        fields["modules_to_save"] = new JsonArray([.. PeftAdapterWriter.SavedModules(head).Select(name => JsonValue.Create(name))]);
        return fields.ToJsonString(_indented);
    }
}
