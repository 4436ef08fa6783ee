using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Tests.Steps;

public sealed class StepPlanTests
{
    private static readonly int[] _lengths = [.. Enumerable.Range(0, 333).Select(index => 2 + (index * 37 % 511))];

    [Theory]
    [InlineData(16, null, 1)]
    [InlineData(1, null, 1)]
    [InlineData(64, null, 3)]
    [InlineData(null, 1000, 1)]
    [InlineData(null, 600, 4)]
    public void An_epoch_has_every_text_exactly_once(int? texts, int? tokens, int accumulation)
    {
        var plan = new StepPlan(_lengths, new BatchSize(texts, tokens), accumulation, seed: 7);

        foreach (var epoch in Enumerable.Range(0, 3))
        {
            Assert.Equal(Enumerable.Range(0, _lengths.Length), plan.Epoch(epoch).SelectMany(step => step).SelectMany(part => part).Order());
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_order_and_every_epoch_another_one()
    {
        var plan = new StepPlan(_lengths, new BatchSize(16, null), 1, seed: 7);

        Assert.Equal(plan.Epoch(1), new StepPlan(_lengths, new BatchSize(16, null), 1, seed: 7).Epoch(1));
        Assert.NotEqual(plan.Epoch(0), plan.Epoch(1));
        Assert.NotEqual(plan.Epoch(0), new StepPlan(_lengths, new BatchSize(16, null), 1, seed: 8).Epoch(0));
    }

    [Fact]
    public void A_batch_by_tokens_stays_within_its_budget()
    {
        var plan = new StepPlan(_lengths, new BatchSize(null, 1500), 1, seed: 7);

        Assert.All(plan.Epoch(0), step => Assert.InRange(step.Sum(part => part.Sum(text => _lengths[text])), 2, 1500));
    }

    [Fact]
    public void A_batch_of_more_tokens_than_memory_allows_comes_in_parts_of_one_step()
    {
        var plan = new StepPlan(Enumerable.Repeat(512, 64), new BatchSize(32, null), 1, seed: 7);

        var steps = plan.Epoch(0);

        Assert.Equal(2, steps.Count);
        Assert.All(steps, step => Assert.Equal([8, 8, 8, 8], step.Select(part => part.Length)));
    }

    [Fact]
    public void Accumulation_joins_batches_into_one_step()
    {
        var single = new StepPlan(_lengths, new BatchSize(16, null), 1, seed: 7).Epoch(0);
        var joined = new StepPlan(_lengths, new BatchSize(16, null), 4, seed: 7).Epoch(0);

        Assert.Equal((single.Count + 3) / 4, joined.Count);
        Assert.Equal(single.Take(4).SelectMany(step => step), joined[0]);
    }

    [Fact]
    public void Texts_of_a_batch_are_of_like_length()
    {
        var plan = new StepPlan(_lengths, new BatchSize(16, null), 1, seed: 7);

        var padding = plan.Epoch(0).Select(step => step.SelectMany(part => part).Select(text => _lengths[text]).ToArray())
            .Average(lengths => 1 - (lengths.Average() / lengths.Max()));

        // Random batches of these lengths would be padded by about a half.
        Assert.InRange(padding, 0, 0.2);
    }

    [Fact]
    public void Balanced_sampling_draws_every_class_equally_often_and_keeps_the_number_of_texts()
    {
        int[][] classes = [[.. Enumerable.Range(0, 90)], [.. Enumerable.Range(90, 10)], []];
        var plan = new StepPlan(Enumerable.Repeat(10, 100), new BatchSize(10, null), 1, seed: 7, classes);

        var texts = plan.Epoch(0).SelectMany(step => step.SelectMany(part => part)).ToList();

        Assert.Equal(100, texts.Count);
        Assert.Equal(50, texts.Count(text => text >= 90));
        Assert.Equal(50, texts.Where(text => text < 90).Distinct().Count());
        Assert.All(Enumerable.Range(90, 10), rare => Assert.Equal(5, texts.Count(text => text == rare)));
        Assert.Equal(plan.Epoch(3), plan.Epoch(3));
    }
}
