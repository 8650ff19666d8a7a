/* The Python side: hash objects in the manner of hashlib, and the curve primitives. Only the limited API of Python 3.11
 * is used, so one binary serves 3.11 and all later ones. What a caller sees is described in _native.pyi. */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <pythread.h>
#include <string.h>

#include "curve.h"
#include "gost94.h"
#include "streebog.h"

/* ---- hash objects ---- */

/* From here on an update lets other threads run; below, handing over costs more than it gives (as in hashlib). */
enum { LARGE_UPDATE = 2048 };

typedef struct {
    PyObject_HEAD
    int is_gost94;
    PyThread_type_lock lock; /* made by the first large update; until then the interpreter's own lock is enough */
    union {
        struct streebog streebog;
        struct gost94 gost94;
    } state;
} Hash;

static void lock_hash(Hash *hash)
{
    if (hash->lock && !PyThread_acquire_lock(hash->lock, NOWAIT_LOCK)) {
        Py_BEGIN_ALLOW_THREADS
        PyThread_acquire_lock(hash->lock, WAIT_LOCK);
        Py_END_ALLOW_THREADS
    }
}

static void unlock_hash(Hash *hash)
{
    if (hash->lock) PyThread_release_lock(hash->lock);
}

static void feed_octets(Hash *hash, const void *octets, size_t count)
{
    if (hash->is_gost94) gost94_update(&hash->state.gost94, octets, count);
    else streebog_update(&hash->state.streebog, octets, count);
}

static int feed(Hash *hash, PyObject *data)
{
    Py_buffer buffer;
    if (PyObject_GetBuffer(data, &buffer, PyBUF_SIMPLE) < 0) return -1;
    if (buffer.len >= LARGE_UPDATE && !hash->lock) hash->lock = PyThread_allocate_lock();
    if (buffer.len >= LARGE_UPDATE && hash->lock) {
        Py_BEGIN_ALLOW_THREADS
        PyThread_acquire_lock(hash->lock, WAIT_LOCK);
        feed_octets(hash, buffer.buf, (size_t)buffer.len);
        PyThread_release_lock(hash->lock);
        Py_END_ALLOW_THREADS
    } else {
        lock_hash(hash);
        feed_octets(hash, buffer.buf, (size_t)buffer.len);
        unlock_hash(hash);
    }
    PyBuffer_Release(&buffer);
    return 0;
}

static Py_ssize_t digest_size(const Hash *hash)
{
    return hash->is_gost94 ? 32 : hash->state.streebog.digest_octets;
}

static PyObject *hash_update(PyObject *self, PyObject *data)
{
    if (feed((Hash *)self, data) < 0) return NULL;
    Py_RETURN_NONE;
}

static PyObject *hash_digest(PyObject *self, PyObject *Py_UNUSED(nothing))
{
    Hash *hash = (Hash *)self;
    uint8_t digest[64];
    lock_hash(hash);
    if (hash->is_gost94) gost94_digest(&hash->state.gost94, digest);
    else streebog_digest(&hash->state.streebog, digest);
    unlock_hash(hash);
    return PyBytes_FromStringAndSize((const char *)digest, digest_size(hash));
}

static PyObject *hash_hexdigest(PyObject *self, PyObject *nothing)
{
    PyObject *digest = hash_digest(self, nothing), *text;
    if (!digest) return NULL;
    text = PyObject_CallMethod(digest, "hex", NULL);
    Py_DECREF(digest);
    return text;
}

static Hash *new_hash(PyTypeObject *type)
{
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    return (Hash *)allocate(type, 0); /* zeroed */
}

static PyObject *hash_copy(PyObject *self, PyObject *Py_UNUSED(nothing))
{
    Hash *hash = (Hash *)self, *copy = new_hash(Py_TYPE(self));
    if (!copy) return NULL;
    lock_hash(hash);
    copy->is_gost94 = hash->is_gost94;
    copy->state = hash->state;
    unlock_hash(hash);
    return (PyObject *)copy;
}

static void hash_free(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    if (((Hash *)self)->lock) PyThread_free_lock(((Hash *)self)->lock);
    release(self);
    Py_DECREF(type);
}

static PyObject *hash_name(PyObject *self, void *Py_UNUSED(closure))
{
    if (((Hash *)self)->is_gost94) return PyUnicode_FromString("gost94");
    return PyUnicode_FromString(digest_size((Hash *)self) == 64 ? "streebog512" : "streebog256");
}

static PyObject *hash_digest_size(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromSsize_t(digest_size((Hash *)self));
}

static PyObject *hash_block_size(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromLong(((Hash *)self)->is_gost94 ? 32 : 64);
}

static PyMethodDef hash_methods[] = {
    { "update", hash_update, METH_O, NULL },
    { "digest", hash_digest, METH_NOARGS, NULL },
    { "hexdigest", hash_hexdigest, METH_NOARGS, NULL },
    { "copy", hash_copy, METH_NOARGS, NULL },
    { NULL, NULL, 0, NULL },
};

static PyGetSetDef hash_properties[] = {
    { "name", hash_name, NULL, NULL, NULL },
    { "digest_size", hash_digest_size, NULL, NULL, NULL },
    { "block_size", hash_block_size, NULL, NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

static PyType_Slot hash_slots[] = {
    { Py_tp_doc, "A running hash, used as those of hashlib are." },
    { Py_tp_methods, hash_methods },
    { Py_tp_getset, hash_properties },
    { Py_tp_dealloc, hash_free },
    { 0, NULL },
};

static PyType_Spec hash_spec = {
    .name = "agent.gost._native.Hash",
    .basicsize = sizeof(Hash),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = hash_slots,
};

/* ---- module ---- */

typedef struct {
    PyTypeObject *hash_type;
    enum streebog_path best_path;
    int curves_ready;
} ModuleState;

static int parse_path(const ModuleState *module, const char *name, enum streebog_path *path)
{
    *path = module->best_path;
    if (!name) return 0;
    for (int i = 0; i < STREEBOG_PATHS; i++) {
        if (strcmp(name, streebog_path_names[i]) == 0 && streebog_path_works((enum streebog_path)i)) {
            *path = (enum streebog_path)i;
            return 0;
        }
    }
    PyErr_Format(PyExc_ValueError, "this machine has no path called '%s' through Streebog", name);
    return -1;
}

static PyObject *module_new(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = { "", "", "path", NULL };
    ModuleState *module = PyModule_GetState(self);
    const char *name, *path_name = NULL;
    PyObject *data = NULL;
    enum streebog_path path;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "s|O$z", names, &name, &data, &path_name)) return NULL;
    int is_gost94 = strcmp(name, "gost94") == 0;
    unsigned octets = strcmp(name, "streebog512") == 0 ? 64 : strcmp(name, "streebog256") == 0 ? 32 : 0;
    if (!is_gost94 && !octets) return PyErr_Format(PyExc_ValueError, "no hash is called '%s'", name);
    if (is_gost94 && path_name) return PyErr_Format(PyExc_ValueError, "gost94 has one path only");
    if (parse_path(module, path_name, &path) < 0) return NULL;
    Hash *hash = new_hash(module->hash_type);
    if (!hash) return NULL;
    hash->is_gost94 = is_gost94;
    if (is_gost94) gost94_start(&hash->state.gost94);
    else streebog_start(&hash->state.streebog, octets, path);
    if (data && feed(hash, data) < 0) {
        Py_DECREF(hash);
        return NULL;
    }
    return (PyObject *)hash;
}

/* The paths that work here, the one in use first. */
static PyObject *module_streebog_paths(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(nothing))
{
    PyObject *list = PyList_New(0), *paths;
    if (!list) return NULL;
    for (int i = STREEBOG_PATHS - 1; i >= 0; i--) {
        if (!streebog_path_works((enum streebog_path)i)) continue;
        PyObject *name = PyUnicode_FromString(streebog_path_names[i]);
        if (!name || PyList_Append(list, name) < 0) {
            Py_XDECREF(name);
            Py_DECREF(list);
            return NULL;
        }
        Py_DECREF(name);
    }
    paths = PyList_AsTuple(list);
    Py_DECREF(list);
    return paths;
}

/* ---- curves: the lengths are checked here, all else in curve_template.h ---- */

static int expect(const char *what, const Py_buffer *buffer, Py_ssize_t size)
{
    if (buffer->len == size) return 1;
    PyErr_Format(PyExc_ValueError, "%s is %zd octets, %zd expected", what, buffer->len, size);
    return 0;
}

static int start_curve(PyObject *self, int octets)
{
    ModuleState *module = PyModule_GetState(self);
    if (octets != 64 && octets != 32) {
        PyErr_Format(PyExc_ValueError, "no curve of %d octets", octets);
        return 0;
    }
    if (!module->curves_ready) { /* under the interpreter's lock, so once */
        curves_prepare();
        module->curves_ready = 1;
    }
    return 1;
}

static PyObject *module_public_key(PyObject *self, PyObject *arguments)
{
    int octets;
    Py_buffer key;
    uint8_t point[128];
    enum curve_result result = CURVE_NO_KEY;
    PyObject *answer = NULL;
    if (!PyArg_ParseTuple(arguments, "iy*", &octets, &key)) return NULL;
    if (start_curve(self, octets) && expect("private key", &key, octets)) {
        Py_BEGIN_ALLOW_THREADS
        result = octets == 64 ? gost512_public_key(key.buf, point) : gost256_public_key(key.buf, point);
        Py_END_ALLOW_THREADS
        if (result == CURVE_DONE) answer = PyBytes_FromStringAndSize((const char *)point, 2 * octets);
        else PyErr_SetString(PyExc_ValueError, "private key is out of range");
    }
    PyBuffer_Release(&key);
    return answer;
}

static PyObject *module_sign(PyObject *self, PyObject *arguments)
{
    int octets;
    Py_buffer key, nonce, digest;
    uint8_t signature[128];
    enum curve_result result = CURVE_NO_KEY;
    PyObject *answer = NULL;
    if (!PyArg_ParseTuple(arguments, "iy*y*y*", &octets, &key, &nonce, &digest)) return NULL;
    if (start_curve(self, octets) && expect("private key", &key, octets) && expect("nonce", &nonce, octets)
        && expect("digest", &digest, octets)) {
        Py_BEGIN_ALLOW_THREADS
        result = octets == 64 ? gost512_sign(key.buf, nonce.buf, digest.buf, signature)
                              : gost256_sign(key.buf, nonce.buf, digest.buf, signature);
        Py_END_ALLOW_THREADS
        if (result == CURVE_DONE) answer = PyBytes_FromStringAndSize((const char *)signature, 2 * octets);
        else if (result == CURVE_FAILED) answer = Py_NewRef(Py_None);
        else PyErr_SetString(PyExc_ValueError, "private key is out of range");
    }
    PyBuffer_Release(&key);
    PyBuffer_Release(&nonce);
    PyBuffer_Release(&digest);
    return answer;
}

static PyObject *module_verify(PyObject *self, PyObject *arguments)
{
    int octets;
    Py_buffer point, digest, signature;
    enum curve_result result = CURVE_NO_KEY;
    PyObject *answer = NULL;
    if (!PyArg_ParseTuple(arguments, "iy*y*y*", &octets, &point, &digest, &signature)) return NULL;
    if (start_curve(self, octets) && expect("public key", &point, 2 * octets) && expect("digest", &digest, octets)
        && expect("signature", &signature, 2 * octets)) {
        Py_BEGIN_ALLOW_THREADS
        result = octets == 64 ? gost512_verify(point.buf, digest.buf, signature.buf)
                              : gost256_verify(point.buf, digest.buf, signature.buf);
        Py_END_ALLOW_THREADS
        if (result == CURVE_NO_KEY) PyErr_SetString(PyExc_ValueError, "public key is not a point of the curve");
        else answer = PyBool_FromLong(result == CURVE_DONE);
    }
    PyBuffer_Release(&point);
    PyBuffer_Release(&digest);
    PyBuffer_Release(&signature);
    return answer;
}

static PyMethodDef module_methods[] = {
    { "new", (PyCFunction)(void (*)(void))module_new, METH_VARARGS | METH_KEYWORDS, NULL },
    { "streebog_paths", module_streebog_paths, METH_NOARGS, NULL },
    { "public_key", module_public_key, METH_VARARGS, NULL },
    { "sign", module_sign, METH_VARARGS, NULL },
    { "verify", module_verify, METH_VARARGS, NULL },
    { NULL, NULL, 0, NULL },
};

static int module_start(PyObject *self)
{
    ModuleState *module = PyModule_GetState(self);
    module->best_path = streebog_path_works(STREEBOG_BY_GFNI) ? STREEBOG_BY_GFNI : STREEBOG_BY_TABLE;
    module->hash_type = (PyTypeObject *)PyType_FromModuleAndSpec(self, &hash_spec, NULL);
    if (!module->hash_type) return -1;
    return PyModule_AddType(self, module->hash_type);
}

static int module_traverse(PyObject *self, visitproc visit, void *arg)
{
    ModuleState *module = PyModule_GetState(self);
    Py_VISIT(module->hash_type);
    return 0;
}

static int module_clear(PyObject *self)
{
    ModuleState *module = PyModule_GetState(self);
    Py_CLEAR(module->hash_type);
    return 0;
}

static PyModuleDef_Slot module_slots[] = {
    { Py_mod_exec, module_start },
    { 0, NULL },
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "agent.gost._native",
    .m_size = sizeof(ModuleState),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
};

PyMODINIT_FUNC PyInit__native(void)
{
    return PyModuleDef_Init(&module_definition);
}
