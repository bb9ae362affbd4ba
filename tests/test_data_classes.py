"""Sets with one class an image: Fashion-MNIST's and CIFAR-10's files, scikit-learn's digits."""

import gzip
import re

import numpy as np
import pytest

from codesign.cli.main import status
from codesign.data import training_set, validation_set
from codesign.data.classification import fashion_mnist, read
from codesign.data.dataset import settings_for
from codesign.errors import DataError, RecipeError
from codesign.recipe import Data, load_recipe
from codesign.training.tasks.classification import make_batch

RNG = np.random.default_rng(0)
RECIPE = "tests/recipes/tiny-resnet.yaml"
CLASSES = tuple("0123456789")


def idx(array):
    return bytes((0, 0, 8, array.ndim)) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.fixture
def fashion(tmp_path):
    """A folder of Fashion-MNIST's four files, the test split's not packed, and what is in them."""
    content = {}
    for split, count, packed in (("train", 12, True), ("t10k", 5, False)):
        images = RNG.integers(0, 256, (count, 28, 28)).astype(np.uint8)
        labels = RNG.integers(0, 10, count).astype(np.uint8)
        content[split] = images, labels
        for name, array in ((f"{split}-images-idx3-ubyte", images), (f"{split}-labels-idx1-ubyte", labels)):
            file = tmp_path / (f"{name}.gz" if packed else name)
            file.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    return tmp_path, content


@pytest.fixture
def cifar(tmp_path):
    """A folder of CIFAR-10's binary files, three images each, and their records."""
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    names = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
    content = {name: RNG.integers(0, 10, (3, 3073)).astype(np.uint8) for name in names}
    for name, records in content.items():
        (folder / name).write_bytes(records.tobytes())
    return tmp_path, content


def recipe_of(path, *settings):
    return load_recipe(RECIPE, [*settings_for(path), *settings])


def test_fashion_mnist_files_are_read_packed_or_not(fashion):
    folder, content = fashion
    for split, name in (("trainval", "train"), ("test", "t10k")):
        found = read(Data(set="fashion-mnist", path=folder), split, CLASSES)
        images, labels = content[name]
        np.testing.assert_array_equal(found.images, np.repeat(images[:, None], 3, 1))
        np.testing.assert_array_equal(found.labels, labels)


def test_samples_are_of_the_network_s_size_and_have_one_label_each(fashion):
    folder, content = fashion
    dataset = training_set(recipe_of(folder, "data.image_size=32", "data.train_images=7"))
    assert len(dataset) == 7
    batch = make_batch([dataset[index] for index in range(7)])
    assert batch.images.shape == (7, 3, 32, 32)
    assert batch.labels.tolist() == content["train"][1][:7].tolist()


def test_cifar_files_are_read_in_order_from_their_folder_or_the_one_around(cifar):
    folder, content = cifar
    expected = np.concatenate([content[f"data_batch_{number}.bin"] for number in range(1, 6)])
    for path in (folder, folder / "cifar-10-batches-bin"):
        found = read(Data(set="cifar10", path=path), "trainval", CLASSES)
        np.testing.assert_array_equal(found.images.reshape(15, -1), expected[:, 1:])
        np.testing.assert_array_equal(found.labels, expected[:, 0])
    assert validation_set(recipe_of(folder))[1].labels == content["test_batch.bin"][1, 0]


def test_the_digits_splits_share_no_image():
    data = Data(set="digits", train_images=9999, val_images=9999)
    train, test = (read(data, split, CLASSES) for split in ("trainval", "test"))
    assert len(train) + len(test) == 1797
    assert {image.tobytes() for image in train.images}.isdisjoint(image.tobytes() for image in test.images)


def test_absent_fashion_mnist_is_one_line_that_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(fashion_mnist, "INSTALLED", tmp_path / "none")
    command = ["train", RECIPE, "--set", "data.set=fashion-mnist", "--out", str(tmp_path / "run")]
    assert status(command) == 2
    error = capsys.readouterr().err
    assert "dataset-fashion-mnist" in error and "data.set=digits" in error
    assert not (tmp_path / "run").exists()


def test_a_pickled_cifar_folder_is_refused_unread(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "test_batch").write_bytes(b"cos\nsystem\n(S'touch harmed'\ntR.")
    for path in (tmp_path, folder):
        with pytest.raises(DataError, match=r"never unpickled.*cifar-10-batches-bin"):
            training_set(recipe_of(path))


def broken_fashion(folder):
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros((2, 28, 28), np.uint8))[:-1]))


def unpacked_badly(folder):
    (folder / "train-images-idx3-ubyte.gz").write_bytes(b"\x1f\x8b truncated")


def fewer_labels(folder):
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(3, np.uint8))))


def no_labels(folder):
    (folder / "train-labels-idx1-ubyte.gz").unlink()


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (broken_fashion, "is no idx file of 3 dimensions, or cut short"),
        (unpacked_badly, "cannot be read"),
        (fewer_labels, "12 images have 3 labels"),
        (no_labels, "train-labels-idx1-ubyte.gz: is missing"),
    ],
)
def test_damaged_idx_files_are_named(fashion, harm, message):
    folder, _ = fashion
    harm(folder)
    with pytest.raises(DataError, match=re.escape(message)):
        training_set(recipe_of(folder))


def test_damaged_cifar_files_are_named(cifar):
    folder, _ = cifar
    (folder / "cifar-10-batches-bin" / "test_batch.bin").write_bytes(b"12345")
    with pytest.raises(DataError, match=r"test_batch\.bin: holds 5 bytes, no multiple of 3073"):
        validation_set(recipe_of(folder))
    (folder / "cifar-10-batches-bin" / "data_batch_3.bin").unlink()
    with pytest.raises(DataError, match=r"data_batch_3\.bin: is missing"):
        training_set(recipe_of(folder))


def test_a_set_with_more_classes_than_the_recipe_is_refused(fashion):
    folder, _ = fashion
    with pytest.raises(DataError, match="the recipe names 2"):
        training_set(recipe_of(folder, "model.classes=[left, right]"))


def test_a_set_of_the_other_task_is_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"data\.set cifar10 is not for detection"):
        load_recipe("tests/recipes/tiny.yaml", ["data.set=cifar10"])
    with pytest.raises(DataError, match="format voc is for detection, not for classification"):
        training_set(load_recipe(RECIPE, ["data.set=voc", f"data.path={tmp_path}"]))
