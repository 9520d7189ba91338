"""Images with labels: packaged Fashion-MNIST, the user's own CIFAR-10 and CIFAR-100, and batches of them."""

from orchestrator.data.images.batches import endless, in_order
from orchestrator.data.images.pictures import Pictures, Scale
from orchestrator.data.images.sets import IMAGE_SETS, load_images

__all__ = ["IMAGE_SETS", "Pictures", "Scale", "endless", "in_order", "load_images"]
