using System.Collections.Concurrent;

namespace LoraOnnx.Inference.Variants;

/// <summary>The plans of the runs that are going on, by the numbers under which their graphs know them. Thread-safe.</summary>
internal sealed class VariantPlans
{
    private readonly ConcurrentDictionary<int, VariantPlan> _plans = [];
    private int _last;

    /// <summary>Gives a plan its number; 0 for one that changes nothing.</summary>
    public int Add(VariantPlan plan)
    {
        if (plan.IsEmpty)
        {
            return 0;
        }

        int number;
        do
        {
            number = Interlocked.Increment(ref _last);
        }
        while (number == 0 || !_plans.TryAdd(number, plan));

        return number;
    }

    /// <summary>The run is over.</summary>
    public void Remove(int number) => _plans.TryRemove(number, out _);

    /// <summary>The plan of a number, or null for 0.</summary>
    public VariantPlan? Find(int number) => number == 0 ? null : _plans[number];
}
