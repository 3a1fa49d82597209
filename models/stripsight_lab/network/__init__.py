"""Networks: the paper's generator and discriminator, and the generator that ships."""
