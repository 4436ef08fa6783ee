namespace LoraOnnx.Model.Safetensors;

/// <summary>What DeepSpeed's ZeRO-3 leaves where weights are saved without being gathered from the processes first: tensors of no numbers.</summary>
internal static class UngatheredTensors
{
    /// <summary>Names that the model or adapter needs; none of those has an axis of length 0.</summary>
    /// <exception cref="InputException">One of them is empty.</exception>
    public static void Refuse(SafetensorsFile file, IEnumerable<string> names)
    {
        var empty = names.Where(name => file.ShapeOf(name).Contains(0)).ToList();
        if (empty.Count > 0)
        {
            throw InputException.InFile(file.Path,
                $"tensor '{empty[0]}' is {NamedTensor.Describe(file.ShapeOf(empty[0]))}{(empty.Count > 1 ? $", and {empty.Count - 1} more" : "")}: "
                    + "saved by DeepSpeed ZeRO-3 without gathering: empty tensors.",
                "save it again with \"stage3_gather_16bit_weights_on_model_save\": true in DeepSpeed's configuration, or make whole weights of its "
                    + "checkpoint with zero_to_fp32.py.");
        }
    }
}
