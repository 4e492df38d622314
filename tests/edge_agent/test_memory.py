"""A small heap is told from a large one, and kept in one piece."""

import gc

from edge_agent import memory


class Heap:
    def __init__(self, free):
        self.free = free
        self.every = None

    def mem_free(self):
        return self.free

    def mem_alloc(self):
        return 1000

    def threshold(self, every):
        self.every = every


def _kept(heap):
    real, memory._gc = memory._gc, heap
    try:
        memory.keep_compact()
        return memory.is_small()
    finally:
        memory._gc = real


def test_a_small_heap_is_collected_often_and_a_large_one_is_left_alone():
    small, large = Heap(96_000), Heap(8_000_000)
    assert _kept(small) and small.every == memory.EVERY
    assert not _kept(large) and large.every is None


def test_where_the_interpreter_cannot_tell_the_heap_is_large():
    assert not _kept(object())
    assert memory.is_small() is False or hasattr(gc, "mem_free")
