// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "training.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

#include "random.hpp"

namespace digits {
namespace {

using tensor = std::vector<float>;

// One trainable tensor and what Adam (Kingma & Ba, 2015) remembers about it.
struct parameter {
  tensor value;
  tensor gradient;
  tensor mean;      // m: running mean of the gradient
  tensor variance;  // v: running mean of its square

  explicit parameter(std::size_t size, float start = 0.0f)
      : value(size, start), gradient(size), mean(size), variance(size) {}
};

// g += decay * w; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= rate * m' / (sqrt(v') + e),
// where m' = m / (1 - b1^t) and v' = v / (1 - b2^t).
class adam {
 public:
  void next_step(float learning_rate) {
    rate_ = learning_rate;
    mean_power_ *= mean_decay;  // running products: std::pow may differ between machines
    variance_power_ *= variance_decay;
  }

  void update(parameter& p, float weight_decay) const {
    const float mean_correction = 1.0f / (1.0f - mean_power_);
    const float variance_correction = 1.0f / (1.0f - variance_power_);
    for (std::size_t i = 0; i < p.value.size(); ++i) {
      const float g = p.gradient[i] + weight_decay * p.value[i];
      p.mean[i] = mean_decay * p.mean[i] + (1.0f - mean_decay) * g;
      p.variance[i] = variance_decay * p.variance[i] + (1.0f - variance_decay) * g * g;
      p.value[i] -= rate_ * p.mean[i] * mean_correction /
                    (std::sqrt(p.variance[i] * variance_correction) + 1e-8f);
    }
  }

 private:
  static constexpr float mean_decay = 0.9f;
  static constexpr float variance_decay = 0.999f;
  float rate_ = 0.0f;
  float mean_power_ = 1.0f;
  float variance_power_ = 1.0f;
};

// Mean and 1 / sqrt(variance + epsilon) of each column of x: [count, columns].
struct column_statistics {
  tensor mean;
  tensor inverse_deviation;
};

// Also keeps a pixel that is hardly ever inked from getting a huge weight.
constexpr float normalization_epsilon = 1e-3f;

column_statistics measure_columns(const tensor& x, std::size_t columns) {
  const std::size_t count = x.size() / columns;
  column_statistics s{tensor(columns), tensor(columns)};
  for (std::size_t i = 0; i < x.size(); ++i) {
    s.mean[i % columns] += x[i];
  }
  for (float& mean : s.mean) {
    mean /= static_cast<float>(count);
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float d = x[i] - s.mean[i % columns];
    s.inverse_deviation[i % columns] += d * d;
  }
  for (float& v : s.inverse_deviation) {
    v = 1.0f / std::sqrt(v / static_cast<float>(count) + normalization_epsilon);
  }
  return s;
}

// x = (x - mean) / deviation, for each column.
void normalize_columns(tensor& x, const column_statistics& s) {
  const std::size_t columns = s.mean.size();
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = (x[i] - s.mean[i % columns]) * s.inverse_deviation[i % columns];
  }
}

// A hidden layer is y = max(0, gain * normalized(W x) + bias), the last one y = W x + bias.
class trainable_layer {
 public:
  trainable_layer(std::size_t inputs, std::size_t outputs, bool hidden, random_engine& random)
      : inputs_(inputs),
        outputs_(outputs),
        hidden_(hidden),
        weights_(inputs * outputs),
        gain_(outputs, 1.0f),
        bias_(outputs) {
    // He: uniform with variance 2 / inputs keeps the size of activations through ReLU.
    const float limit = std::sqrt(6.0f / static_cast<float>(inputs));
    for (float& w : weights_.value) {
      w = limit * uniform_float(random);
    }
  }

  tensor forward(const tensor& x) {
    x_ = x;
    tensor y = multiply(x);
    if (hidden_) {
      statistics_ = measure_columns(y, outputs_);
      normalize_columns(y, statistics_);
      normalized_ = y;
    }
    activate(y);
    y_ = y;
    return y;
  }

  // Takes dLoss/dy, fills the gradients, returns dLoss/dx.
  tensor backward(tensor dy) {
    std::fill(bias_.gradient.begin(), bias_.gradient.end(), 0.0f);
    if (hidden_) {
      for (std::size_t i = 0; i < dy.size(); ++i) {
        dy[i] = y_[i] > 0.0f ? dy[i] : 0.0f;
      }
    }
    for (std::size_t i = 0; i < dy.size(); ++i) {
      bias_.gradient[i % outputs_] += dy[i];
    }
    if (hidden_) {
      normalization_backward(dy);
    }
    return multiply_backward(dy);
  }

  void update(const adam& optimizer, float weight_decay) {
    optimizer.update(weights_, weight_decay);
    optimizer.update(bias_, 0.0f);
    if (hidden_) {
      optimizer.update(gain_, 0.0f);
    }
  }

  // The same function as one plain dense layer. x: what this layer reads for the training images;
  // becomes what the next layer reads.
  dense_layer fold(tensor& x) const {
    tensor y = multiply(x);
    tensor scale(outputs_, 1.0f);
    tensor mean(outputs_, 0.0f);
    if (hidden_) {
      const column_statistics s = measure_columns(y, outputs_);
      normalize_columns(y, s);
      mean = s.mean;
      for (std::size_t n = 0; n < outputs_; ++n) {
        scale[n] = gain_.value[n] * s.inverse_deviation[n];
      }
    }
    activate(y);
    x = std::move(y);

    // gain * (W x - mean) / deviation + bias = (scale W) x + (bias - scale * mean)
    dense_layer layer{inputs_, outputs_, tensor(inputs_ * outputs_), tensor(outputs_)};
    for (std::size_t n = 0; n < outputs_; ++n) {
      layer.bias[n] = bias_.value[n] - scale[n] * mean[n];
      for (std::size_t k = 0; k < inputs_; ++k) {
        layer.weights[n * inputs_ + k] = scale[n] * weights_.value[k * outputs_ + n];
      }
    }
    return layer;
  }

 private:
  tensor multiply(const tensor& x) const {
    const std::size_t count = x.size() / inputs_;
    tensor y(count * outputs_);
    for (std::size_t i = 0; i < count; ++i) {
      float* const row = &y[i * outputs_];
      for (std::size_t k = 0; k < inputs_; ++k) {
        const float xk = x[i * inputs_ + k];
        const float* const w = &weights_.value[k * outputs_];
        for (std::size_t n = 0; n < outputs_; ++n) {
          row[n] += xk * w[n];
        }
      }
    }
    return y;
  }

  void activate(tensor& y) const {
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t n = i % outputs_;
      y[i] =
          hidden_ ? std::max(0.0f, gain_.value[n] * y[i] + bias_.value[n]) : y[i] + bias_.value[n];
    }
  }

  // With h the normalized values and d = gain * dLoss/dy:
  // dLoss/dz = (d - mean(d) - h * mean(d * h)) / deviation, the means over the batch.
  void normalization_backward(tensor& dy) {
    const std::size_t count = dy.size() / outputs_;
    const float scale = 1.0f / static_cast<float>(count);
    std::fill(gain_.gradient.begin(), gain_.gradient.end(), 0.0f);
    for (std::size_t i = 0; i < dy.size(); ++i) {
      gain_.gradient[i % outputs_] += dy[i] * normalized_[i];
    }
    for (std::size_t i = 0; i < dy.size(); ++i) {
      const std::size_t n = i % outputs_;
      const float mean_d = scale * bias_.gradient[n];
      const float mean_dh = scale * gain_.gradient[n];
      dy[i] = gain_.value[n] * statistics_.inverse_deviation[n] *
              (dy[i] - mean_d - normalized_[i] * mean_dh);
    }
  }

  tensor multiply_backward(const tensor& dz) {
    const std::size_t count = dz.size() / outputs_;
    tensor dx(count * inputs_);
    std::fill(weights_.gradient.begin(), weights_.gradient.end(), 0.0f);
    for (std::size_t i = 0; i < count; ++i) {
      const float* const d = &dz[i * outputs_];
      for (std::size_t k = 0; k < inputs_; ++k) {
        const float xk = x_[i * inputs_ + k];
        const float* const w = &weights_.value[k * outputs_];
        float* const dw = &weights_.gradient[k * outputs_];
        float sum = 0.0f;
        for (std::size_t n = 0; n < outputs_; ++n) {
          dw[n] += xk * d[n];
          sum += d[n] * w[n];
        }
        dx[i * inputs_ + k] = sum;
      }
    }
    return dx;
  }

  std::size_t inputs_;
  std::size_t outputs_;
  bool hidden_;
  parameter weights_;  // [inputs, outputs]: inner loops run over outputs and vectorize
  parameter gain_;
  parameter bias_;
  // Of the last forward pass:
  tensor x_;
  tensor normalized_;
  tensor y_;
  column_statistics statistics_;
};

// Squared hinge, one class against the rest: loss = sum max(0, 1 - t y)^2 with t = +1 for the
// class of the image and -1 for the others. As good as softmax here and needs no exp, whose last
// bit depends on the C library. In place: logits become dLoss/dlogits.
void loss_gradient(tensor& logits, std::span<const std::size_t> labels) {
  const float scale = 2.0f / static_cast<float>(labels.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const float t = labels[i / class_count] == i % class_count ? 1.0f : -1.0f;
    logits[i] = -scale * t * std::max(0.0f, 1.0f - t * logits[i]);
  }
}

// The input normalization goes into the first layer as well:
// W ((x - mean) / deviation) + b = (W / deviation) x + (b - (W / deviation) mean)
void fold_input_normalization(const column_statistics& s, dense_layer& first) {
  for (std::size_t n = 0; n < first.outputs; ++n) {
    for (std::size_t k = 0; k < first.inputs; ++k) {
      float& w = first.weights[n * first.inputs + k];
      w *= s.inverse_deviation[k];
      first.bias[n] -= w * s.mean[k];
    }
  }
}

}  // namespace

float_network train_network(const dataset& data, const training_options& options) {
  random_engine random(options.seed);

  tensor inputs = data.pixels;
  const column_statistics input_statistics = measure_columns(inputs, pixels_per_image);
  normalize_columns(inputs, input_statistics);

  std::vector<trainable_layer> layers;
  std::size_t layer_inputs = pixels_per_image;
  for (const std::size_t size : options.hidden_sizes) {
    layers.emplace_back(layer_inputs, size, true, random);
    layer_inputs = size;
  }
  layers.emplace_back(layer_inputs, class_count, false, random);

  std::vector<std::size_t> order(data.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t batches = data.size() / options.batch_size;
  const std::size_t steps = options.epochs * batches;
  adam optimizer;
  for (std::size_t step = 0; step < steps; ++step) {
    if (step % batches == 0) {
      shuffle(order, random);
    }
    const std::size_t begin = step % batches * options.batch_size;
    tensor x;
    std::vector<std::size_t> labels;
    for (std::size_t i = begin; i < begin + options.batch_size; ++i) {
      const float* const image = &inputs[order[i] * pixels_per_image];
      x.insert(x.end(), image, image + pixels_per_image);
      labels.push_back(data.labels[order[i]]);
    }

    for (trainable_layer& layer : layers) {
      x = layer.forward(x);
    }
    loss_gradient(x, labels);
    for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
      x = layer->backward(std::move(x));
    }

    const float progress = static_cast<float>(step) / static_cast<float>(steps);
    optimizer.next_step(options.learning_rate * (1.0f - progress));
    for (trainable_layer& layer : layers) {
      layer.update(optimizer, options.weight_decay);
    }
  }

  std::vector<dense_layer> folded;
  for (const trainable_layer& layer : layers) {
    folded.push_back(layer.fold(inputs));
  }
  fold_input_normalization(input_statistics, folded.front());
  return float_network(std::move(folded));
}

}  // namespace digits
