'use strict';

const form = document.querySelector('form');

function tell(line) {
  document.getElementById('progress').append(Object.assign(document.createElement('li'), { textContent: line }));
}

form.addEventListener('submit', async event => {
  event.preventDefault();
  form.querySelector('button').disabled = true;
  try {
    const lines = await document.getElementById('reviews').files[0].text();
    const model = await openModel();
    const reviews = reviewsOf(lines, model);
    tell(`${reviews.length} reviews, ${reviews.reduce((sum, review) => sum + review.ids.length, 0)} tokens`);
    await train(model, reviews, Number(document.getElementById('epochs').value), tell);
    tell('done');
  } catch (failure) {
    tell(`error: ${failure.message}`);
  } finally {
    form.querySelector('button').disabled = false;
  }
});
