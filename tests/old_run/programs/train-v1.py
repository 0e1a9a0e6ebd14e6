import torch; import torch.nn as nn; import torch.optim as optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

EPOCHS = 3; device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
train_set = datasets.MNIST('./data', train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(train_set, batch_size=64, shuffle=True)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.printed = False
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))

    def forward(self, x):
        if not self.printed:
            print('shape of input is', x.shape)
            self.printed = True
        return self.layers(x)

model = Net().to(device)
criterion = nn.CrossEntropyLoss(); optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(EPOCHS):
    total_loss = 0; correct = 0
    for x, y in loader:
        out = model(x)
        loss = criterion(out, y)
        total_loss += loss.item()
        correct += (out.argmax(1) == y).sum().item()
    mean_loss = total_loss / len(loader)
    acc = correct / len(train_set)
    print(f'Epoch {epoch + 1}/{EPOCHS} - loss: {mean_loss:.4f} - acc: {acc:.4f}')
